# What can go wrong between a wish and the database.

settings-candidates = A beam of size { $beam_size } cannot give { $candidates } candidates: choose a beam size from { $candidates } to { $widest }, or candidates up to { $beam_size }.
unknown-choice = { $value } is not known: choose from { $choices }.
store-busy = The database is busy: please try again in a moment.
store-failed = The database cannot be used: whoever runs this bot finds the reason in its log.
