"""Learning-rate schedules as functions of the step alone, so that a resumed training needs no schedule state."""

import math

from remint.config.experiment import ScheduleConfig, TrainerConfig

PEAK_AT = 0.3
"one-cycle: share of the steps after which the rate peaks."
START_DIVISOR, END_DIVISOR = 25.0, 25.0 * 1e4
"one-cycle: the rate starts at lr/25 and ends at lr/250,000 (defaults of torch's OneCycleLR)."


def learning_rate(settings: TrainerConfig, step: int, steps_per_epoch: int) -> float:
    """Give the rate of a step, counted from 0 over the whole training.

    Cosine: Loshchilov and Hutter 2017, without restarts, to zero. One-cycle: Smith and Topin 2018, cosine in both
    directions, momentum left alone. Warm-up reaches the full rate with its last step.
    """
    schedule, steps = settings.schedule, settings.epochs * steps_per_epoch
    if schedule.name == "one-cycle":
        return settings.lr * _one_cycle(step, steps)
    warmup = round(schedule.warmup * steps)
    if step < warmup:
        return settings.lr * (step + 1) / warmup
    return settings.lr * _factor(schedule, step, steps, warmup, step // steps_per_epoch)


def _factor(schedule: ScheduleConfig, step: int, steps: int, warmup: int, epoch: int) -> float:
    if schedule.name == "cosine":
        return _cosine(1.0, 0.0, (step - warmup) / (steps - warmup))
    if schedule.name == "step":
        return float(schedule.gamma ** (epoch // schedule.step_epochs))
    return 1.0


def _one_cycle(step: int, steps: int) -> float:
    peak = max(PEAK_AT * steps - 1, 1e-9)
    if step <= peak:
        return _cosine(1 / START_DIVISOR, 1.0, step / peak)
    return _cosine(1.0, 1 / END_DIVISOR, (step - peak) / max(steps - 1 - peak, 1e-9))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
