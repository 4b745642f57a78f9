"""The command line's tree of commands."""

import typer

from taximeter.cli import check, data, environments, measuring, reports, stores, training, verdicts

app = typer.Typer(
    name="taximeter",
    help="Record one experiment with every tracker, read every store back, and prove that they hold the same run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(training.run_experiment)
app.command("compare")(training.compare_trackers)
app.command("report")(reports.render_report)
app.command("screenshots")(reports.photograph_report)
app.command("measure")(measuring.measure_trackers)
app.command("check")(check.check_suite)
app.command("trackers")(stores.list_trackers)
app.command("runs")(stores.list_runs)
app.command("show")(stores.show_run)
app.command("verdicts")(verdicts.judge_trackers)
app.command("export")(stores.export_runs)
app.command("recover")(stores.recover_runs)
app.add_typer(data.app, name="data")
app.add_typer(environments.app, name="environment")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - for this option only

        typer.echo(f"taximeter {version('taximeter')}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    del version  # its callback has done everything
