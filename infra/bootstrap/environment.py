"""The variables that pin every cache to the volume: for services, for any login, for people's shells. Pure."""

from __future__ import annotations

from infra.bootstrap.want import LAYOUT, ROOT, Want

BEGIN, END = "# zagent's, to the line that says so", "# zagent's end here"


def variables(want: Want) -> dict[str, str]:
    """What services and containers get; the names are the guide's and the hubs' own."""
    cache = str(LAYOUT.modelscope_cache)
    endpoint = {"MODELSCOPE_ENDPOINT": want.modelscope_endpoint} if want.modelscope_endpoint else {}
    return {"ZAGENT_DATA_ROOT": ROOT, "MODELSCOPE_CACHE": cache, "HF_HOME": cache, **endpoint}


def agent_env(want: Want) -> str:
    """The variables as systemd and Docker read them from a file."""
    return "\n".join(["# zagent's; for people's shells there is `zagent env`.", *_lines(want), ""])


def environment(current: str, want: Want) -> str:
    """/etc/environment with the variables in it and every other line as it was: `ssh host command` runs no shell's
    own files, but PAM reads this one (pam_env(8)). Ours come last, for the last of two counts.
    """
    return "\n".join([*_strangers(current), BEGIN, *_lines(want), END, ""])


def profile() -> str:
    """A login shell's HF_HOME is the person's own, below their folder of the volume, where they have one."""
    own = LAYOUT.home("$(id -un)")
    return (
        "# zagent's: what people fetch from Hugging Face is theirs, and on the volume.\n"
        f'if [ -d "{own}" ]; then\n'
        f'    export HF_HOME="{LAYOUT.huggingface("$(id -un)")}"\n'
        "fi\n"
    )


def _lines(want: Want) -> list[str]:
    return [f"{name}={value}" for name, value in variables(want).items()]


def _strangers(current: str) -> list[str]:
    """The lines that are not ours; a beginning without an end is a person's doing, and only that line ours."""
    lines = current.splitlines()
    if BEGIN not in lines:
        return lines
    first = lines.index(BEGIN)
    last = lines.index(END, first) if END in lines[first:] else first
    return _strangers("\n".join([*lines[:first], *lines[last + 1 :]]))
