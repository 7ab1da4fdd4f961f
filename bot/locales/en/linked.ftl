# Linked verse (联句): what cannot be done at a table, and why.
linked-closed = This poem is finished: start another one with `{ $slash }lianju start`.
linked-gone = This table is no longer stored: start another one with `{ $slash }lianju start`.
linked-not-invited = Only the members who were named at the start write at this table.
linked-join-first = Here one writes after the other: press *Join* to have a turn.
linked-not-your-turn = It is the turn of <@{ $member }>: yours comes later.
linked-too-late = Somebody was faster: line { $line } is not the next line any more.
linked-no-turns = Nobody has a turn at this table: whoever comes first writes the next line.
linked-joined-already = You have joined this table already: your turn comes.
linked-full = A table has at most { $most } players.
linked-undo-not-yours = You can take back your own line only, until the next one is written.
linked-finish-not-yours = Only who started the table, who wrote a line, or a moderator can finish it.
linked-minutes-free = Minutes are for tables where one writes after the other: leave them out, or choose the order *in turns*.
linked-channel-full = { $most ->
    [one] There is a table in this channel already: write there, or finish it first; `{ $slash }lianju show` shows it again.
   *[other] There are { $most } tables in this channel already: write there, or finish one first; `{ $slash }lianju show` shows them again.
}
