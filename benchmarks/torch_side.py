"""The PyTorch sides of the benchmarks, eager, each in a process of its own: with TensorFlow in one they can crash.

    train = side("tutorial", 256)       # or None, where PyTorch isn't installed
    train(10)                           # ten steps; returns when they are done
"""

import os
import subprocess
import sys


def side(name, *settings):
    """A function that trains for a number of steps, of `tutorial` or `points` with these settings; or None."""
    child = subprocess.Popen([sys.executable, __file__, name, *map(str, settings)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if not child.stdout.readline():
        return None

    def train(steps):
        child.stdin.write(f"{steps}\n")
        child.stdin.flush()
        child.stdout.readline()

    return train


def tutorial(batch_size):
    """One step of TensorFlow's DCGAN tutorial: its networks, both players from one forward pass."""

    def up(inputs, outputs, stride):
        return [nn.ConvTranspose2d(inputs, outputs, 5, stride, padding=2, output_padding=stride - 1, bias=False),
                nn.BatchNorm2d(outputs), nn.LeakyReLU(0.3)]

    def down(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 5, 2, padding=2), nn.LeakyReLU(0.3), nn.Dropout(0.3)]

    generator = nn.Sequential(
        nn.Linear(100, 7 * 7 * 256, bias=False), nn.BatchNorm1d(7 * 7 * 256), nn.LeakyReLU(0.3),
        nn.Unflatten(1, (256, 7, 7)), *up(256, 128, 1), *up(128, 64, 2),
        nn.ConvTranspose2d(64, 1, 5, 2, padding=2, output_padding=1, bias=False), nn.Tanh())
    discriminator = nn.Sequential(*down(1, 64), *down(64, 128), nn.Flatten(), nn.Linear(7 * 7 * 128, 1))
    g_optimizer, d_optimizer = (torch.optim.Adam(player.parameters(), 1e-3, betas=(0.5, 0.999))
                                for player in (generator, discriminator))
    loss = nn.BCEWithLogitsLoss()
    images = torch.rand(1500, 1, 28, 28) * 2 - 1    # the speed doesn't depend on what they show

    def step():
        real = images[torch.randint(len(images), (batch_size,))]
        fake = generator(torch.randn(batch_size, 100))
        real_logits, fake_logits = discriminator(real), discriminator(fake)
        ones, zeros = torch.ones_like(fake_logits), torch.zeros_like(fake_logits)
        g_loss = loss(fake_logits, ones)
        d_loss = loss(real_logits, ones) + loss(fake_logits, zeros)
        g_slopes = torch.autograd.grad(g_loss, list(generator.parameters()), retain_graph=True)
        d_slopes = torch.autograd.grad(d_loss, list(discriminator.parameters()))
        for player, slopes, optimizer in ((generator, g_slopes, g_optimizer),
                                          (discriminator, d_slopes, d_optimizer)):
            for weight, slope in zip(player.parameters(), slopes, strict=True):
                weight.grad = slope
            optimizer.step()

    return step


def points(batch_size, units):
    """One step of the 2-D lab's GAN: perceptrons of two hidden layers, D and then G."""

    def perceptron(outputs):
        return nn.Sequential(nn.Linear(2, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU(),
                             nn.Linear(units, outputs))

    g, d = perceptron(2), perceptron(1)
    g_optimizer, d_optimizer = (torch.optim.Adam(net.parameters(), 1e-3, betas=(0.5, 0.999)) for net in (g, d))
    real, loss = torch.randn(10_000, 2), nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)

    def step():
        x = real[torch.randint(0, 10_000, (batch_size,))]
        d_optimizer.zero_grad()
        (loss(d(x), ones) + loss(d(g(torch.randn(batch_size, 2)).detach()), zeros)).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        loss(d(g(torch.randn(batch_size, 2))), ones).backward()
        g_optimizer.step()

    return step


if __name__ == "__main__":
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count())
    one_step = {"tutorial": tutorial, "points": points}[sys.argv[1]](*map(int, sys.argv[2:]))
    print("ready", flush=True)
    for line in sys.stdin:
        for _ in range(int(line)):
            one_step()
        print("done", flush=True)
