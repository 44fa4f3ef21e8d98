"""How a span of a chord becomes notes: `scorelock.engine.arrange` is its public face."""
