"""How a film is seen, with CLIP or without, and the way to its features, for every command."""

import argparse
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, get_args

from scorelock.bridge.console import progress, say
from scorelock.engine.cue_folder import CueFolder
from scorelock.engine.errors import BadBundle, BadSetting
from scorelock.engine.features import (
    EXTRACTOR,
    PAPER,
    SEMANTIC_WIDTH,
    FeatureKind,
    Layout,
    VideoFeatures,
    kind_of,
    paper_extractor,
)
from scorelock.engine.files import require_film
from scorelock.engine.model_shelf import CLIP, is_kept, kept_model, kept_models
from scorelock.engine.runtime import Device

if TYPE_CHECKING:
    from scorelock.engine.clip import Clip, ClipManifest


@dataclass(frozen=True, slots=True)
class Seeing:
    """Who is to see a film.

    Attributes:
        extractor: who is asked for: `EXTRACTOR`, a CLIP, or `PAPER` for any CLIP.
        clip: the kept CLIP that watches where it has to be; the picture needs none.
        device: what CLIP runs on.
    """

    extractor: str = EXTRACTOR
    clip: str | None = None
    device: Device = "auto"

    @classmethod
    def of(cls, args: argparse.Namespace, layout: Layout = "picture") -> Self:
        """As the options of `add_seeing_arguments` say, and as the bundle's layout needs.

        Raises:
            BadSetting: the layout needs what the options rule out, or CLIP's name is none.
            BadBundle: what is kept under CLIP's name is none, or not of the layout's width.
            MissingPart: nothing is kept under a name that was chosen.
        """
        published = layout == "published"
        if published and args.features == "picture":
            raise BadSetting(
                "expected --features paper, which a bundle of the published layout reads, got "
                "picture; leave it out, or take the starter bundle"
            )
        if not published and args.features != "paper":
            return cls()
        if args.clip == CLIP and not is_kept(CLIP):
            return cls(PAPER, CLIP, args.device)
        manifest = _manifest(args.clip)
        if published and manifest.width != SEMANTIC_WIDTH:
            raise BadBundle(
                f"expected a CLIP of {SEMANTIC_WIDTH} numbers for a bundle of the published "
                f"layout, got {manifest.name} of {manifest.width} in {kept_model(args.clip)}; "
                "choose another one with --clip, or take the starter bundle"
            )
        return cls(paper_extractor(manifest.name, manifest.digest), args.clip, args.device)

    @classmethod
    def again(cls, extractor: str) -> Self:
        """As a film was seen before: by the same CLIP if it is kept, else by any."""
        if kind_of(extractor) == "picture":
            return cls()
        for name in kept_models():
            with suppress(BadBundle):  # other models are kept there, too
                manifest = _manifest(name)
                if paper_extractor(manifest.name, manifest.digest) == extractor:
                    return cls(extractor, name)
        return cls(PAPER, CLIP)

    def known(self, film: Path) -> tuple[CueFolder, VideoFeatures | None]:
        """A film's folder, and what is known of the film if anything is.

        Raises:
            MissingPart: it has to be watched by a CLIP that is not kept.
            UnreadableFilm: the film cannot be read.
        """
        folder = CueFolder.of(film, say)
        if self.clip is None or is_kept(self.clip):
            return folder, folder.features(self.extractor)
        require_film(film)
        features = CueFolder.of(film, _unsaid).features(self.extractor)
        if features is None:
            kept_model(self.clip)  # which says what to do
        return folder, features

    def open_clip(self) -> "Clip | None":
        """The CLIP that watches, if one does.

        Raises:
            ScorelockError: it is not kept, or cannot be opened.
        """
        if self.clip is None:
            return None
        from scorelock.engine.clip import Clip

        return Clip.open(kept_model(self.clip), device=self.device)


PICTURE: Final = Seeing()


def add_seeing_arguments(
    group: argparse._ActionsContainer, usual: str = "what the bundle reads"
) -> None:
    """Add --features, of which the `usual` ones are taken without it, --clip and --device."""
    group.add_argument(
        "--features",
        choices=get_args(FeatureKind),
        help="what is seen in the film: picture is motion, cuts, light and colour; paper adds what "
        f"CLIP sees (default: {usual})",
    )
    group.add_argument(
        "--clip",
        default=CLIP,
        metavar="NAME",
        help="which of the CLIPs that scorelock models list names (default: %(default)s)",
    )
    group.add_argument(
        "--device",
        choices=get_args(Device),
        default="auto",
        help="what computes: auto takes CUDA where it is there (default: %(default)s)",
    )


def features_of(film: Path, seeing: Seeing = PICTURE, *, again: bool = False) -> VideoFeatures:
    """What is seen in a film: as it was kept beside it, else watched now, and kept.

    Watching shows a progress bar on stderr; `again` watches in any case.

    Raises:
        UnreadableFilm: there is no film, or none that can be watched.
        ScorelockError: the CLIP that has to watch it is not kept, or cannot.
    """
    folder, features = (CueFolder.of(film, say), None) if again else seeing.known(film)
    if features is None:
        clip = seeing.open_clip()
        from scorelock.engine.watch import watch  # OpenCV and PySceneDetect take their time to load

        with progress(f"watching {film.name}") as report:
            features = watch(film, report, clip=clip)
        folder.keep(features)
    if features.film.variable_rate:
        say(f"{film.name} has a variable frame rate; it is timed by its own time stamps")
    return features


def _manifest(name: str) -> "ClipManifest":
    """Of a kept CLIP."""
    from scorelock.engine.clip import ClipManifest

    return ClipManifest.read(kept_model(name))


def _unsaid(message: str) -> None:
    """That a film is watched again would not be true."""
