"""Pictures made of real parts: cut-outs or emoji on backgrounds, with exact boxes and masks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from .decode import resize


class Scenes(NamedTuple):
    """Composed pictures and all that there is to know about them."""

    images: torch.Tensor  # (N, 3, S, S) float32 in [0, 1]
    boxes: list  # N tensors (K, 4) float32: left, top, right, bottom in pixels, around the whole object
    labels: list  # N tensors (K,) int64: the labels of the sprites
    sprites: list  # N tensors (K,) int64: which sprite each object is
    instances: torch.Tensor  # (N, S, S) int64: 0 is background, k the visible part of object k - 1


def over(images: torch.Tensor, ground=1.0) -> torch.Tensor:
    """Lay pictures with transparency over a ground.

    Args:
        images: (N, 4, S, S) float32 in [0, 1]: red, green, blue, opacity.
        ground: a grey value in [0, 1]; or a tensor that fits (N, 3, S, S): one colour (3, 1, 1), a colour
            for each
            picture (N, 3, 1, 1), or pictures (N, 3, S, S).

    Returns:
        (N, 3, S, S) float32 in [0, 1].

    Raises:
        ValueError: ``images`` has not four channels.
    """
    if images.ndim != 4 or images.shape[1] != 4:
        raise ValueError(f"over: images have shape {tuple(images.shape)}, (N, 4, S, S) is needed")
    alpha = images[:, 3:]
    return images[:, :3] * alpha + ground * (1 - alpha)


def random_grounds(count: int, seed: int, device=None) -> torch.Tensor:
    """Draw plain random colours to lay pictures over: (count, 3, 1, 1) float32 in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, 1, 1, generator=generator).to(device)


def scenes(
    sprites: torch.Tensor,
    labels: torch.Tensor,
    backgrounds: torch.Tensor,
    count: int,
    size: int = 96,
    objects: tuple[int, int] = (1, 4),
    sides: tuple[int, int] = (16, 44),
    occlusion: float = 0.0,
    seed: int = 0,
    device=None,
) -> Scenes:
    """Compose scenes: sprites at random sizes and places, some mirrored, on random cuts of backgrounds.

    Args:
        sprites: (M, 4, S, S) float32 in [0, 1]: red, green, blue, opacity.
        labels: (M,) int64, carried over to the objects.
        backgrounds: (B, 3, H, W) float32 in [0, 1], H and W at least ``size``.
        count: the number of scenes N.
        size: their side in pixels.
        objects: fewest and most objects in a scene (fewer when there is no room left).
        sides: smallest and largest side of a sprite, in pixels; eight sizes between them are used.
        occlusion: how much of an object the later ones may hide, 0 (objects never touch) to 0.9.
        seed: the scenes depend on it and on the arguments alone.
        device: where the tensors go.

    Returns:
        Scenes.

    Raises:
        ValueError: an argument does not fit; says which.
    """
    if sprites.ndim != 4 or sprites.shape[1] != 4 or len(sprites) != len(labels) or not len(sprites):
        raise ValueError(
            f"scenes: sprites {tuple(sprites.shape)} with {len(labels)} labels, (M, 4, S, S) and M is needed"
        )
    if backgrounds.ndim != 4 or backgrounds.shape[1] != 3 or min(backgrounds.shape[2:]) < size:
        raise ValueError(
            f"scenes: backgrounds {tuple(backgrounds.shape)}, (B, 3, H, W) with H, W >= {size} is needed"
        )
    if not 4 <= sides[0] <= sides[1] <= size or not 0 <= objects[0] <= objects[1]:
        raise ValueError(f"scenes: sides {sides} and objects {objects} must rise, sides from 4 to {size}")
    if not 0 <= occlusion <= 0.9:
        raise ValueError(f"scenes: occlusion is {occlusion}, from 0 to 0.9 is needed")
    random = np.random.default_rng(seed)
    bank = [trimmed(sprites, side) for side in np.unique(np.linspace(*sides, 8).round().astype(int)).tolist()]
    grounds = (backgrounds.permute(0, 2, 3, 1) * 255).round().byte().cpu().numpy()
    images = np.empty((count, size, size, 3), np.uint8)
    instances = np.zeros((count, size, size), np.uint8)
    boxes, which = [], []
    for image, instance in zip(images, instances, strict=True):
        ground = grounds[random.integers(len(grounds))]
        top, left = (random.integers(n - size + 1) for n in ground.shape[:2])
        image[:] = ground[top : top + size, left : left + size][:, :: random.choice((-1, 1))]
        placed, numbers, areas, seen = [], [], [0], [0]
        for _ in range(random.integers(objects[0], objects[1] + 1)):
            number = int(random.integers(len(sprites)))
            sprite = bank[random.integers(len(bank))][number]
            if random.random() < 0.5:
                sprite = sprite[:, ::-1]
            height, width = sprite.shape[:2]
            mask = sprite[..., 3] > 127
            for _ in range(10):  # tries to find room
                top, left = random.integers(size - height + 1), random.integers(size - width + 1)
                window = np.s_[top : top + height, left : left + width]
                hidden = hides(instance[window], mask, areas, seen, occlusion)
                if hidden is not None:
                    alpha = sprite[..., 3:].astype(np.uint16)
                    image[window] = (sprite[..., :3] * alpha + image[window] * (255 - alpha) + 127) // 255
                    areas.append(int(mask.sum()))
                    seen = [before - now for before, now in zip(seen, hidden, strict=True)] + areas[-1:]
                    instance[window][mask] = len(areas) - 1
                    placed.append([left, top, left + width, top + height])
                    numbers.append(number)
                    break
        boxes.append(torch.tensor(placed, dtype=torch.float32, device=device).reshape(-1, 4))
        which.append(torch.tensor(numbers, dtype=torch.long, device=device))
    labels = labels.to(device)
    return Scenes(
        torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float().div_(255),
        boxes,
        [labels[numbers] for numbers in which],
        which,
        torch.from_numpy(instances).to(device).long(),
    )


def trimmed(sprites: torch.Tensor, side: int) -> list[np.ndarray]:
    """Shrink sprites to ``side`` pixels and cut each to its opaque part: M arrays (h, w, 4) uint8."""
    small, result = np.empty((len(sprites), side, side, 4), np.uint8), []
    for start in range(0, len(sprites), 16):  # in parts, to save memory
        part = resize(sprites[start : start + 16], side).permute(0, 2, 3, 1) * 255
        small[start : start + 16] = part.round().byte().cpu().numpy()
    for sprite in small:
        rows, columns = (np.flatnonzero((sprite[..., 3] > 127).any(axis)) for axis in (1, 0))
        whole = not len(rows)  # nothing opaque is left at this size: keep it all
        result.append(sprite if whole else sprite[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return result


def hides(window: np.ndarray, mask: np.ndarray, areas: list[int], seen: list[int], occlusion: float):
    """Return how much of each earlier object a mask would hide, or None if that is too much.

    Args:
        window: (h, w) uint8, the instance map where the mask would lie.
        mask: (h, w) bool.
        areas, seen: pixels of each object, and those not hidden yet; entry 0 stands for the background.
        occlusion: the largest part of an object that may be hidden; 0 keeps even the boxes apart from other
            objects.
    """
    if occlusion == 0:
        return None if window.any() else [0] * len(areas)
    hidden = np.bincount(window[mask], minlength=len(areas)).tolist()
    fair = all(seen[k] - hidden[k] >= (1 - occlusion) * areas[k] for k in range(1, len(areas)))
    return hidden if fair else None
