"""Helpers for a hands-on course on generative adversarial networks.

Modules in reading order: `theory`, `compat`, `data`, `models`, `losses`, `training`, `evaluation`,
`plotting`, `live`, `lab`, `checks`, `doctor`. Each depends only on modules before it. Importing this
package imports none of them, so it takes no time and doesn't load TensorFlow.
"""

__version__ = "0.1.0"
