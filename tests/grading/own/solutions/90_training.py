"""Reference answer of the training exercise."""

import torch


def train_spirals(x, y):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 24), torch.nn.ReLU(), torch.nn.Linear(24, 3))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(400):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


MISTAKES = {"train_spirals": []}
