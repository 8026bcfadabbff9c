"""What the scripts share that run the released code of self-conditioned GANs. Not a script of its own."""

import random
import sys
import types

import numpy as np
import scipy.optimize
import torch


def replace_module(name, **members):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(members)


def let_run_on_the_cpu(seed):
    """Seeds all that draws, and stands in for what the code asks for and a CPU, or scikit-learn since, lacks."""
    for seeded in (torch.manual_seed, np.random.seed, random.seed):
        seeded(seed)
    torch.Tensor.cuda = lambda self, *_, **__: self
    assign = lambda cost: np.stack(scipy.optimize.linear_sum_assignment(cost), 1)  # noqa: E731
    replace_module("sklearn.utils.linear_assignment_", linear_assignment=assign)
