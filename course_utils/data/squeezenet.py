"""SqueezeNet 1.1, the smallest of the well-known ImageNet networks: 1,235,496 parameters."""

from __future__ import annotations

import torch
from torch import nn

MEAN = (123.68, 116.779, 103.939)  # of the training pixels: red, green, blue, each 0 to 255


class Fire(nn.Module):
    """Squeeze to few channels by 1x1, then expand by 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeeze: int, expand: int):
        super().__init__()
        self.squeeze1x1 = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = self.squeeze1x1(x).relu()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], 1).relu()


class SqueezeNet(nn.Module):
    """Map pictures to the scores of the 1,000 ImageNet classes.

    Input: (B, 3, S, S) float32 RGB in [0, 1], S at least 63; the network was trained with S = 227.
    Output: (B, 1000) scores before the softmax. ``features(x)`` gives the last maps, (B, 512, S / 16, S /
    16).

    Source: Iandola et al. (2016), arXiv:1602.07360, release 1.1.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.conv1 = nn.Conv2d(3, 64, 3, stride=2)
        self.fire2, self.fire3 = Fire(64, 16, 64), Fire(128, 16, 64)
        self.fire4, self.fire5 = Fire(128, 32, 128), Fire(256, 32, 128)
        self.fire6, self.fire7 = Fire(256, 48, 192), Fire(384, 48, 192)
        self.fire8, self.fire9 = Fire(384, 64, 256), Fire(512, 64, 256)
        self.conv10 = nn.Conv2d(512, 1000, 1)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)

    def features(self, x):
        x = self.conv1(x * 255 - self.mean).relu()
        x = self.fire3(self.fire2(self.pool(x)))
        x = self.fire5(self.fire4(self.pool(x)))
        x = self.fire7(self.fire6(self.pool(x)))
        return self.fire9(self.fire8(x))

    def forward(self, x):
        return self.conv10(self.features(x)).relu().mean((2, 3))
