"""How a run ended, told to people and machines: proof log, summary, JUnit, JSON, GitHub."""
