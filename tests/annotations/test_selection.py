from __future__ import annotations

import random

import pytest

from kinetics_tui.annotations.read import Annotations, read_annotations
from kinetics_tui.annotations.selection import class_counts, select, split_counts
from kinetics_tui.base.errors import AnnotationError
from kinetics_tui.model.clip import Clip
from kinetics_tui.model.options import Selection
from tests.annotations.annotation_files import DATA

DRAWN_WITH_SEED_7 = ["3caPS4FHFF8", "2cPLjY5AWXU", "-egPJubR-CE", "034KeIezQZ8", "-huT_p-r_zA"]
LABELS = ("abseiling", "playing guitar", "playing piano", "yoga")


def made(clips: list[Clip]) -> Annotations:
    return Annotations(clips, [], [], ("a.csv",))


def many(labels: tuple[str, ...] = LABELS, each: int = 30) -> Annotations:
    return made(
        [
            Clip(f"{label[:4]:_<4}".replace(" ", "_") + f"{label[-1]}{n:06d}", n, n + 10, split, label)
            for split in ("test", "train", "val")
            for n in range({"train": 0, "val": 1, "test": 2}[split], 3 * each, 3)
            for label in labels
        ]
    )


ALL = many()
UNLABELLED = made([Clip(f"{n:011d}", n, n + 10, "test") for n in range(5)])


def test_nothing_asked_is_everything_in_order() -> None:
    assert select(ALL, Selection()) == ALL.clips


def test_splits_narrow_and_keep_the_order() -> None:
    found = select(ALL, Selection(splits=("validate", "train")))
    assert found == [clip for clip in ALL.clips if clip.split in ("train", "val")]


@pytest.mark.parametrize("name", ["playing guitar", "Playing_Guitar", "  playing  GUITAR "])
def test_classes_are_known_whatever_their_capitals_and_blanks(name: str) -> None:
    assert {clip.label for clip in select(ALL, Selection(classes=(name,)))} == {"playing guitar"}


def test_labels_that_differ_in_capitals_only_are_chosen_together() -> None:
    both = made([Clip("A" * 11, 0, 1, "val", "Yoga"), Clip("B" * 11, 0, 1, "val", "yoga")])
    assert len(select(both, Selection(classes=("YOGA",)))) == 2


def test_categories_stand_for_their_classes_and_add_to_classes() -> None:
    found = select(ALL, Selection(release="k400", classes=("yoga",), categories=("Music",)))
    assert {clip.label for clip in found} == {"playing guitar", "playing piano", "yoga"}
    assert select(ALL, Selection(categories=("music", "heights"))) == [
        clip for clip in ALL.clips if clip.label != "yoga"
    ]


def test_per_class_draws_that_many_of_each_class_over_all_splits() -> None:
    found = select(ALL, Selection(per_class=7))
    assert class_counts(found) == dict.fromkeys(LABELS, 7)
    assert [clip for clip in ALL.clips if clip in found] == found, "the order of the annotations"
    assert class_counts(select(ALL, Selection(per_class=10_000))) == class_counts(ALL.clips)


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_the_files() -> None:
    shuffled = made(random.Random(3).sample(ALL.clips, len(ALL.clips)))
    first = select(ALL, Selection(per_class=5, seed=1))
    assert {clip.key for clip in select(shuffled, Selection(per_class=5, seed=1))} == {c.key for c in first}
    assert select(ALL, Selection(per_class=5, seed=2)) != first


def test_the_draw_of_a_class_does_not_depend_on_the_other_classes() -> None:
    alone = select(ALL, Selection(per_class=5, classes=("yoga",)))
    assert [clip for clip in select(ALL, Selection(per_class=5)) if clip.label == "yoga"] == alone


def test_a_larger_draw_holds_the_smaller_one() -> None:
    assert set(select(ALL, Selection(per_class=3))) < set(select(ALL, Selection(per_class=6)))


def test_the_draw_is_the_same_on_every_python() -> None:
    clips = read_annotations([DATA / "kinetics-400_val.csv"])
    found = select(clips, Selection(per_class=1, seed=7))
    assert [clip.youtube_id for clip in found] == DRAWN_WITH_SEED_7


def test_limit_keeps_the_first_ones_of_what_is_left() -> None:
    assert select(ALL, Selection(splits=("val",), limit=3)) == [c for c in ALL.clips if c.split == "val"][:3]


def test_clips_without_label_are_of_no_class() -> None:
    both = made(ALL.clips + UNLABELLED.clips)
    assert "" not in class_counts(select(both, Selection(per_class=1)))
    assert select(both, Selection())[-5:] == UNLABELLED.clips


@pytest.mark.parametrize(
    ("annotations", "selection", "message"),
    [
        (ALL, Selection(splits=("vall",)), "No split 'vall': did you mean 'val'?"),
        (ALL, Selection(splits=("xyz",)), "No split 'xyz': there is 'train', 'val', 'test'."),
        (
            UNLABELLED,
            Selection(splits=("train",)),
            "No clip of split train is in the annotations, which hold 'test'",
        ),
        (ALL, Selection(classes=("playing gitar",)), "did you mean 'playing guitar' or"),
        (ALL, Selection(classes=("",)), "No class ''"),
        (ALL, Selection(classes=("q\x1b[2J",)), r"No class 'q\x1b[2J'"),
        (ALL, Selection(categories=("musik",)), "No category 'musik': did you mean 'music'?"),
        (ALL, Selection(categories=("zzzz",)), "No category 'zzzz': there are 39 others, such as"),
        (ALL, Selection(categories=("golf",)), "No class of category 'golf' is in the annotations"),
        (
            ALL,
            Selection(release="k700", categories=("golf",)),
            "Kinetics-700 was published without categories",
        ),
        (ALL, Selection(release="k500", categories=("golf",)), "No release 'k500'"),
        (UNLABELLED, Selection(classes=("yoga",)), "carry no labels, so --class or --category cannot"),
        (UNLABELLED, Selection(per_class=3), "carry no labels, so --per-class cannot"),
        (ALL, Selection(per_class=0), "--per-class 0 selects nothing; give 1 or more."),
        (ALL, Selection(limit=0), "--limit 0 selects nothing"),
        (made([]), Selection(), "No clip is left: 0 clips in the annotations; choose"),
    ],
)
def test_a_selection_that_cannot_be_made_says_why(
    annotations: Annotations, selection: Selection, message: str
) -> None:
    with pytest.raises(AnnotationError) as caught:
        select(annotations, selection)
    assert message in str(caught.value)


def test_an_empty_selection_says_what_removed_everything() -> None:
    clips = [Clip("A" * 11, 0, 1, "train", "yoga"), Clip("B" * 11, 0, 1, "val", "abseiling")]
    with pytest.raises(AnnotationError) as caught:
        select(made(clips), Selection(splits=("val",), classes=("yoga",)))
    assert str(caught.value) == (
        "No clip is left: 2 clips in the annotations, 1 of split 'val', 0 of 'yoga'; "
        "choose other splits or classes."
    )


def test_counts_are_by_split_in_their_order_and_by_class_in_the_alphabet() -> None:
    clips = [
        Clip("A" * 11, 0, 1, "all"),
        Clip("B" * 11, 0, 1, "test", "yoga"),
        Clip("C" * 11, 0, 1, "train", "archery"),
        Clip("D" * 11, 0, 1, "train", "yoga"),
    ]
    assert list(split_counts(clips).items()) == [("train", 2), ("test", 1), ("all", 1)]
    assert list(class_counts(clips).items()) == [("", 1), ("archery", 1), ("yoga", 2)]
