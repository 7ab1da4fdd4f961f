page-before = ◀ Previous
page-after = Next ▶
page-not-yours = Only whoever asked can use this: ask for your own with { $command }.
