"""Policy files: YAML to the domain's policy, or every mistake at its line and column."""
