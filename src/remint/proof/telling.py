"""A certificate in words."""

from collections.abc import Iterator

from remint.proof.certificate import Certificate
from remint.proof.coherence import too_far
from remint.proof.inputs import Difference


def verdict_sentence(certificate: Certificate) -> str:
    """Tell the verdict in a sentence."""
    name, files = f"{certificate.model}/{certificate.version}", len(certificate.outputs)
    unequal = sum(digests["registered"] != digests["minted"] for digests in certificate.outputs.values())
    again = f"{name} was minted again from {certificate.start} on"
    if certificate.verdict == "identical":
        return f"{again}: all {files} files are the same, byte for byte"
    if certificate.verdict == "equivalent":
        return (
            f"{again}, with other hardware or threads: {unequal} of {files} files differ, "
            f"no metric by more than the tolerance of {certificate.tolerance:.3g}"
        )
    if not files:
        return f"what is here is not what {name} was made from; nothing was run"
    return f"{again}: {unequal} of {files} files differ"


def findings(certificate: Certificate) -> Iterator[str]:
    """Tell what differs, a line each; lines of a diff are indented. Nothing of an identical one."""
    first, largest = certificate.first_difference, certificate.largest
    if first is not None:
        yield f"first difference: {Difference(**first).sentence()}"
        if first["kind"] != "data":
            yield from (f"  {line}" for line in first["detail"].splitlines())
    if largest is None or certificate.verdict == "identical":
        return
    weights, predictions = (_number(largest[what]) for what in ("weights", "predictions"))
    yield f"largest difference: {weights} in the weights, {predictions} in the predictions"
    for name, metric in largest["metrics"].items():
        if metric["registered"] != metric["minted"]:
            beyond = f", beyond the tolerance of {certificate.tolerance:.3g}" * too_far(
                name, metric, certificate.tolerance
            )
            yield f"  {name}: {_metric(metric['registered'])} → {_metric(metric['minted'])}{beyond}"
    unequal = [f for f, digests in certificate.outputs.items() if digests["registered"] != digests["minted"]]
    more = f" and {len(unequal) - 8} more" if len(unequal) > 8 else ""
    yield f"files that differ: {', '.join(unequal[:8])}{more}"


def page(certificate: Certificate) -> str:
    """Tell a certificate in Markdown."""
    told = [f"# {certificate.model}/{certificate.version}: {certificate.verdict}", verdict_sentence(certificate)]
    lines = list(findings(certificate))
    if lines:
        told.append("```\n" + "\n".join(lines) + "\n```")
    told += [f"- {note}" for note in certificate.notes]
    told.append(f"Commit `{certificate.commit}`, fingerprint `{certificate.fingerprint}`, {certificate.seconds:.0f} s.")
    return "\n\n".join(told) + "\n"


def _number(value: float | None) -> str:
    return "not comparable" if value is None else f"{value:.3g}"


def _metric(value: float | None) -> str:
    return "none" if value is None else f"{value:.9g}"
