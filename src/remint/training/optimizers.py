"""Optimizers, and the penalties on weights."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from remint.config.experiment import TrainerConfig


def build_optimizer(network: nn.Module, settings: TrainerConfig) -> Optimizer:
    """Build the optimizer of `settings`; weight decay acts on weights, never on biases.

    Adam: Kingma and Ba 2015; AdamW: Loshchilov and Hutter 2019. Fused kernels: one call a step for all parameters.
    """
    penalised = weights(network)
    kept = {id(weight) for weight in penalised}
    rest = [p for p in network.parameters() if p.requires_grad and id(p) not in kept]
    groups = [{"params": penalised, "weight_decay": settings.l2}, {"params": rest, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if settings.optimizer == "adam":
        return Adam(groups, lr=settings.lr, fused=True)
    if settings.optimizer == "adamw":
        return AdamW(groups, lr=settings.lr, fused=True)
    momentum = settings.momentum if settings.optimizer == "momentum" else 0.0
    return SGD(groups, lr=settings.lr, momentum=momentum, fused=True)


def weights(network: nn.Module) -> list[nn.Parameter]:
    """Give the parameters that penalties act on: all that are trained but biases and other vectors."""
    return [p for p in network.parameters() if p.requires_grad and p.ndim > 1]


def l1_penalty(penalised: list[nn.Parameter]) -> Tensor:
    """Give the sum of the absolute values of all weights."""
    return torch.stack([weight.abs().sum() for weight in penalised]).sum()
