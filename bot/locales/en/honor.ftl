# A server's page of honor: the verse that its members love.
honor-by = { $linked ->
    [0] line by { $names }
   *[other] linked verse by { $names }
}
honor-down = Take down
honor-down-question = Take this verse off the page of honor for good? Members keep it among their favorites.
honor-down-yes = Yes, take it down
honor-down-done = It is taken down: its message will be gone in a moment.
honor-kept = The verse is among your favorites now. { $own ->
    [0] The number below it follows within half a minute.
   *[other] You wrote it, so your heart does not count here.
}
honor-unkept = The verse is none of your favorites any more. { $own ->
    [0] The number below it follows within half a minute.
   *[other] You wrote it, so your heart did not count here.
}
honor-not-yours = Only those who are named below the verse, or a moderator, can take it down.
honor-gone = This verse is no longer on the page of honor.
honor-booklet-title = { $month }诗集
honor-booklet = { $count ->
    [one] **{ $month }**: the verse of this server that its members loved, as a booklet (诗集)
   *[other] **{ $month }**: the { $count } verses of this server that its members loved best, as a booklet (诗集)
}
honor-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }

# What is wrong with a channel that is chosen for it.
anthology-kind = Verse is posted in a text channel: choose one instead of { $channel }, which is a thread, a forum or of another kind.
anthology-unknown = This server has no such channel: choose one from the list.
anthology-hidden = I cannot see { $channel }: allow me *View Channel* there, or choose another channel.
anthology-permissions = I need more permissions in { $channel }: allow me { $permissions } there, or choose another channel.
anthology-permission = { $permission ->
    [view_channel] *View Channel*
    [send_messages] *Send Messages*
    [attach_files] *Attach Files*
   *[read_message_history] *Read Message History*
}
