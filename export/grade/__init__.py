"""The report card of a bundle: what it writes, measured beside what poets wrote."""
