"""The 2-D GAN lab. So far: how good a set of generated points is (`_metrics`), and a pad to draw points on (`_pad`)."""
