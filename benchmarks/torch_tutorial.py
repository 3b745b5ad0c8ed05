"""TensorFlow's DCGAN tutorial in PyTorch, eager: trains for as many steps as each line of its input says.

`training_throughput.py --tutorial` starts it and waits for its answer, a line for each line.
"""

import os
import sys

import torch
from torch import nn

batch_size = int(sys.argv[1])
torch.manual_seed(0)
torch.set_num_threads(os.cpu_count())

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
images = torch.rand(1500, 1, 28, 28) * 2 - 1   # the speed doesn't depend on what they show

def train(steps):
    for _ in range(steps):
        real = images[torch.randint(len(images), (batch_size,))]
        fake = generator(torch.randn(batch_size, 100))
        real_logits, fake_logits = discriminator(real), discriminator(fake)
        ones, zeros = torch.ones_like(fake_logits), torch.zeros_like(fake_logits)
        g_loss = loss(fake_logits, ones)
        d_loss = loss(real_logits, ones) + loss(fake_logits, zeros)
        # Both players move from the same forward pass, as on the other sides.
        g_slopes = torch.autograd.grad(g_loss, list(generator.parameters()), retain_graph=True)
        d_slopes = torch.autograd.grad(d_loss, list(discriminator.parameters()))
        for player, slopes, optimizer in ((generator, g_slopes, g_optimizer),
                                          (discriminator, d_slopes, d_optimizer)):
            for weight, slope in zip(player.parameters(), slopes, strict=True):
                weight.grad = slope
            optimizer.step()


print("ready", flush=True)
for line in map(str.strip, sys.stdin):
    train(int(line))
    print("done", flush=True)
