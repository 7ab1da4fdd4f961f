# Of any command or button.

incident = Something went wrong here: if it happens again, report incident { $incident }.
page-before = ◀ Previous
page-after = Next ▶
page-not-yours = Only the member who asked can use this: use `{ $slash }{ $command }` yourself.
form-late = That took too long to open the form: please try again.
post-no-right = You may not post in this channel: ask a moderator, or keep it for yourself.
