"""The report card: what a bundle writes, measured beside what poets wrote."""
