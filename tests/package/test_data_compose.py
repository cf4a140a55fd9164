"""Scenes made of real parts: what the boxes and masks say is what the pictures show."""

import pytest
import torch

from course_utils.data import compose, load


@pytest.fixture(scope="module")
def parts():
    stamps = load("stamps", size=64)
    return stamps.images, stamps.labels, load("photos", split="places", size=128).images


def test_over():
    red = torch.zeros(2, 4, 3, 3)
    red[:, 0] = 1
    red[:, 3] = torch.tensor([0.25, 1.0])[:, None, None]
    out = compose.over(red, 0.0)
    assert out.shape == (2, 3, 3, 3) and out[0, 0, 0, 0] == 0.25 and out[1, :, 0, 0].tolist() == [1, 0, 0]
    assert compose.over(red)[0, :, 0, 0].tolist() == [1, 0.75, 0.75]
    grounds = compose.random_grounds(2, seed=3)
    assert torch.equal(grounds, compose.random_grounds(2, seed=3)) and grounds.shape == (2, 3, 1, 1)
    assert torch.allclose(compose.over(red, grounds)[0, 1], 0.75 * grounds[0, 1])
    with pytest.raises(ValueError, match=r"images have shape \(2, 3, 3, 3\), \(N, 4, S, S\) is needed"):
        compose.over(out)


def test_scenes_are_what_they_say(parts):
    labels = parts[1]
    scenes = compose.scenes(*parts, count=40, size=96, objects=(1, 4), seed=1)
    assert scenes.images.shape == (40, 3, 96, 96) and scenes.instances.shape == (40, 96, 96)
    assert scenes.images.min() >= 0 and scenes.images.max() <= 1
    for boxes, kinds, which, instance in zip(*scenes[1:], strict=True):
        assert 1 <= len(boxes) == len(kinds) == len(which) <= 4
        assert torch.equal(kinds, labels[which])
        assert instance.unique().tolist() == list(range(len(boxes) + 1))
        for k, box in enumerate(boxes.int().tolist(), 1):
            rows, columns = (instance == k).nonzero(as_tuple=True)
            assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == box
    background = compose.scenes(*parts, count=40, size=96, objects=(0, 0), seed=1)
    assert all(len(b) == 0 and b.shape == (0, 4) for b in background.boxes)


def test_only_the_objects_are_painted(parts):
    labels = parts[1]
    black = torch.zeros(1, 3, 64, 64)
    solid = torch.ones(1, 4, 32, 32)  # a white square
    scenes = compose.scenes(solid, labels[:1], black, count=10, size=64, objects=(2, 2), sides=(8, 20))
    assert torch.equal(scenes.images[:, 0] > 0.5, scenes.instances > 0)


def test_occlusion(parts):
    apart = compose.scenes(*parts, count=60, objects=(4, 8), seed=2)
    hidden = compose.scenes(*parts, count=60, objects=(4, 8), occlusion=0.5, seed=2)
    assert sum(map(len, hidden.boxes)) > sum(map(len, apart.boxes))
    touching = 0
    for boxes, which, instance in zip(hidden.boxes, hidden.sprites, hidden.instances, strict=True):
        touching += overlap(boxes)
        assert instance.unique().tolist() == list(range(len(which) + 1))  # nothing is hidden wholly
    assert touching > 20


def overlap(boxes):
    """Tell whether two boxes of a scene overlap."""
    low = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    area = (high - low).clamp(min=0).prod(2)
    return bool((area - area.diag().diag() > 0).any())


def test_visible_part_is_never_smaller_than_promised():
    square = torch.ones(1, 4, 16, 16)
    scenes = compose.scenes(
        square, torch.zeros(1).long(), torch.zeros(1, 3, 48, 48), 50, 48, (6, 6), (16, 16), occlusion=0.6
    )
    for instance, boxes in zip(scenes.instances, scenes.boxes, strict=True):
        counts = instance.flatten().bincount(minlength=len(boxes) + 1)[1:]
        assert (counts >= 0.4 * 256).all() and counts.min() < 256


def test_seed_alone_decides(parts):
    one = compose.scenes(*parts, count=5, seed=7)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if threads > 1 else 2)
    two = compose.scenes(*parts, count=5, seed=7)
    torch.set_num_threads(threads)
    assert torch.equal(one.images, two.images) and torch.equal(one.instances, two.instances)
    assert not torch.equal(one.images, compose.scenes(*parts, count=5, seed=8).images)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 200}, "backgrounds .* H, W >= 200 is needed"),
        ({"sides": (50, 20)}, "sides .* must rise"),
        ({"objects": (3, 1)}, "objects .* must rise"),
        ({"occlusion": 1.5}, "occlusion is 1.5, from 0 to 0.9"),
        ({"sprites": torch.zeros(2, 3, 8, 8)}, "sprites .* is needed"),
        ({"labels": torch.zeros(3)}, "with 3 labels"),
    ],
)
def test_wrong_arguments(parts, change, words):
    arguments = dict(zip(("sprites", "labels", "backgrounds"), parts, strict=True), count=2) | change
    with pytest.raises(ValueError, match=words):
        compose.scenes(**arguments)
