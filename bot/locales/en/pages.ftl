page-before = ◀ Previous
page-after = Next ▶
page-not-yours = These buttons belong to whoever asked for the list: ask for your own with { $command }.
