"""Bad input, said clearly: which field, what is wrong, what would mend it."""


class Problem(ValueError):
    """One fault of one field. ``str`` is one line: ``field: problem; fix``."""

    def __init__(self, field: str, problem: str, fix: str = "") -> None:
        self.field = field
        self.problem = problem
        self.fix = fix
        super().__init__(f"{field}: {problem}; {fix}" if fix else f"{field}: {problem}")


class Problems(ValueError):
    """Several faults of one form, found together so that they can be mended together."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
