"""Who is in the demo, and what they share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

from PIL import Image

from server.cli.pictures import nature, things
from server.cli.pictures.files import Format

Scene = Callable[[tuple[int, int], Random], Image.Image]
Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who signs up."""

    username: str
    display_name: str
    bio: str


@dataclass(frozen=True, slots=True)
class Work:
    """A picture and what its owner says of it; *shape* is its sides as parts of the longest."""

    owner: str
    title: str
    scene: Scene
    shape: tuple[float, float]
    alt_text: str
    caption: str = ""
    tags: list[str] = field(default_factory=list)
    orientation: int = 1
    format: Format = "JPEG"
    taken_at: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC)
    position: Position = (47.0, 11.0)
    """Written into the file, where it is nobody's business."""
    place: str = ""
    """Where its owner says it was; nothing is published when this is empty."""
    visibility: str = "PUBLIC"


# The first follows all others, and so has the feed that is shown.
PEOPLE: Final = (
    Person("mira", "Mira Sandberg", "Walks uphill with a thermos. Mountains, mist, mornings."),
    Person("jonas", "Jonas Okafor", "Sleeps by day. Night skies and long exposures."),
    Person("lucia", "Lucía Ferrer", "Always near water, mostly in it."),
    Person("tariq", "Tariq Aydin", "Streets, roofs and whatever flies above them."),
    Person("hana", "Hana Novotná", "Paper, scissors, pixels."),
)
# Who follows whom besides.
FOLLOWS: Final = (
    ("jonas", "mira"),
    ("lucia", "mira"),
    ("lucia", "hana"),
    ("tariq", "jonas"),
    ("hana", "mira"),
    ("hana", "tariq"),
)

WIDE: Final = (1.0, 0.5625)
LANDSCAPE: Final = (1.0, 0.667)
PORTRAIT: Final = (0.667, 1.0)
SQUARE: Final = (0.8, 0.8)

WORKS: Final = (
    Work(
        owner="jonas",
        title="The lake keeps a second moon",
        scene=nature.moon_over_lake,
        shape=LANDSCAPE,
        alt_text="A full moon over dark hills, mirrored in a still lake under many stars.",
        caption="Four minutes without a breath of wind.",
        tags=["night", "moon", "lake"],
        orientation=3,
        taken_at=datetime(2026, 2, 1, 22, 41, tzinfo=UTC),
        position=(61.4978, 23.7610),
    ),
    Work(
        owner="lucia",
        title="Last light, first stars",
        scene=nature.sea_at_sunset,
        shape=LANDSCAPE,
        alt_text="The sun touches the horizon and lays a path of light on violet waves.",
        caption="Stayed until my feet were cold. Worth it.",
        tags=["sea", "sunset"],
        orientation=1,
        taken_at=datetime(2026, 8, 14, 20, 52, tzinfo=UTC),
        position=(43.3226, -1.9846),
        place="Playa de la Concha",
    ),
    Work(
        owner="tariq",
        title="Everyone is still awake",
        scene=things.skyline,
        shape=PORTRAIT,
        alt_text="Dark tower blocks with scattered lit windows against a pink evening sky.",
        tags=["city", "dusk"],
        orientation=6,
        taken_at=datetime(2026, 9, 30, 18, 20, tzinfo=UTC),
        position=(41.0256, 28.9744),
        place="Galata",
    ),
    Work(
        owner="hana",
        title="Eight sheets of paper",
        scene=things.paper_waves,
        shape=SQUARE,
        alt_text="Layers of cut paper from cream to slate, waving like hills.",
        caption="No glue, only shadows.",
        tags=["paper", "abstract"],
        orientation=7,
        taken_at=datetime(2026, 3, 12, 14, 5, tzinfo=UTC),
        position=(49.1951, 16.6068),
    ),
    Work(
        owner="mira",
        title="Five ridges before breakfast",
        scene=nature.misty_mountains,
        shape=WIDE,
        alt_text="Blue mountain ranges fade into mist under a rising sun.",
        caption="The thermos was empty by the second.",
        tags=["mountains", "mist", "sunrise"],
        orientation=2,
        taken_at=datetime(2026, 5, 23, 5, 12, tzinfo=UTC),
        position=(46.5582, 10.1130),
    ),
    Work(
        owner="jonas",
        title="Green curtain",
        scene=nature.northern_lights,
        shape=PORTRAIT,
        alt_text="Green and violet northern lights above a row of black firs.",
        caption="For those who follow: the parking place is behind the sawmill.",
        tags=["aurora", "night"],
        orientation=8,
        taken_at=datetime(2026, 1, 19, 23, 58, tzinfo=UTC),
        position=(67.9222, 26.5046),
        visibility="FOLLOWERS",
    ),
    Work(
        owner="tariq",
        title="Traffic at six in the morning",
        scene=things.balloons,
        shape=LANDSCAPE,
        alt_text="Four striped hot-air balloons over green morning hills.",
        tags=["balloons", "morning"],
        orientation=4,
        taken_at=datetime(2026, 4, 18, 6, 3, tzinfo=UTC),
        position=(38.6431, 34.8289),
        place="Göreme",
    ),
    Work(
        owner="lucia",
        title="Keeper's hour",
        scene=things.lighthouse,
        shape=LANDSCAPE,
        alt_text="A red and white lighthouse sends its beam over a quiet sea at dusk.",
        tags=["lighthouse", "sea", "dusk"],
        format="WEBP",
        taken_at=datetime(2026, 10, 2, 19, 1, tzinfo=UTC),
        position=(43.3858, -8.4065),
    ),
    Work(
        owner="hana",
        title="Rosette",
        scene=things.rosette,
        shape=SQUARE,
        alt_text="An ornament of petals from plum to cream, with nothing behind it.",
        caption="A sticker; put it on anything.",
        tags=["ornament"],
        format="PNG",
        taken_at=datetime(2026, 7, 7, 16, 30, tzinfo=UTC),
        position=(49.1951, 16.6068),
    ),
    Work(
        owner="mira",
        title="Sound of nothing",
        scene=nature.winter_wood,
        shape=PORTRAIT,
        alt_text="Firs in falling snow, each row paler than the one before it.",
        tags=["winter", "forest", "snow"],
        orientation=5,
        taken_at=datetime(2026, 1, 6, 9, 44, tzinfo=UTC),
        position=(47.3769, 12.0930),
    ),
    Work(
        owner="lucia",
        title="The other sea",
        scene=nature.dunes,
        shape=LANDSCAPE,
        alt_text="Orange dunes, half in light and half in shade, under a pale sun.",
        caption="Waves too, only slower.",
        tags=["desert", "dunes"],
        orientation=1,
        taken_at=datetime(2026, 11, 3, 7, 35, tzinfo=UTC),
        position=(31.0802, -4.0133),
        place="Erg Chebbi",
    ),
    Work(
        owner="hana",
        title="Twenty-five rings",
        scene=things.circles,
        shape=SQUARE,
        alt_text="A grid of squares in warm and sea colours, each with its own rings.",
        tags=["abstract", "pattern"],
        orientation=6,
        taken_at=datetime(2026, 3, 28, 11, 17, tzinfo=UTC),
        position=(49.1951, 16.6068),
    ),
)
