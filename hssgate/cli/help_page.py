"""Help of a command: its options in groups, and at the end examples and the address of the documentation."""

import click


class HelpPage(click.Command):
    """A command, or a group of them, whose `--help` has its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group, and the commands of a group of commands."""
        from hssgate.cli.help_texts import heading_of  # only a run with --help needs it

        shown = {
            option: record
            for option in self.get_params(ctx)
            if isinstance(option, click.Option) and (record := option.get_help_record(ctx))
        }
        groups: dict[str, list[tuple[str, str]]] = {}
        for option, record in shown.items():
            groups.setdefault(heading_of(option, shown), []).append(record)
        for heading in sorted(groups, key=lambda name: name == "Options"):
            with formatter.section(heading):
                formatter.write_dl(groups[heading])
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of a group of commands; a command has none."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes of a command that has some, its examples, and where to read on."""
        from hssgate.cli.help_texts import DOCUMENTATION, EXAMPLES

        super().format_epilog(ctx, formatter)
        if examples := EXAMPLES.get(ctx.command_path):
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        formatter.write(f"\nDocumentation: {DOCUMENTATION}\n")


class GroupHelpPage(HelpPage, click.Group):
    """A group of commands with such a help, and so have its commands."""

    command_class = HelpPage

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands."""
        click.Group.format_commands(self, ctx, formatter)
