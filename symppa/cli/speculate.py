"""symppa speculate: speculative against plain decoding of a network on an analog chip."""

from __future__ import annotations

from pathlib import Path

import click

from symppa.cli import complete, options, output


@click.command("speculate")
@click.argument("network", shell_complete=complete.descriptions)
@click.argument("analog", shell_complete=complete.descriptions)
@click.option("--prompt", metavar="VALUES", help="Prompts, as 64:4096:x2; else those of the description.")
@click.option("--burst", metavar="VALUES", help="Drafted tokens, as 1:16; else those of the description.")
@click.option(
    "--acceptance", metavar="RATE|FILE", help="Probability that a token is accepted, or a file with k and histogram."
)
@options.choices
@options.plot
@options.forms("json", "csv", "markdown")
def command(
    network: str,
    analog: str,
    prompt: str | None,
    burst: str | None,
    acceptance: str | None,
    values: dict[str, str],
    parts: dict[str, str],
    folder: str | None,
    form: str | None,
) -> None:
    """Compare speculative with plain decoding of a network on an analog chip.

    NETWORK and ANALOG are names or files of descriptions: qwen3_0p6b, analog_soc.
    """
    from symppa.reports import speculation
    from symppa.studies.speculate import speculate

    result = speculate(network, analog, prompt=prompt, burst=burst, acceptance=acceptance, values=values, parts=parts)
    if folder is not None:
        from symppa.reports.plot.speculation import write_speculation

        output.wrote(write_speculation(result, Path(folder)))
    if form == "json":
        output.write(result.to_json())
    elif form == "csv":
        output.write(speculation.as_csv(result))
    else:
        output.tell(speculation.report(result), form)
