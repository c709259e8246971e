"""The truth, and the workers' only meeting place. Everybody sees `port`; `app` names an engine."""
