"""What people see of a job: bars on a terminal, lines in a pipe, JSON for programs."""
