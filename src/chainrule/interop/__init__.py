"""Other tools' formats and interfaces: one folder for each."""
