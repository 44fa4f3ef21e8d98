"""CLIP's weights, from whoever published them, to what `scorelock.engine.clip` opens."""
