"""symppa completion: the completion script of a shell."""

from __future__ import annotations

import click

from symppa.cli import options, output


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@options.everywhere
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    In ~/.bashrc: eval "$(symppa completion bash)"
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} has no completion")
    made = kind(ctx.find_root().command, {}, "symppa", "_SYMPPA_COMPLETE")
    output.write(made.source_template % made.source_vars())
