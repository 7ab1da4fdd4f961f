settings-heading = Settings of this server
settings-name = { $setting ->
    [beam_size] Beam size
    [candidates] Candidates
    [cooldown_s] Cooldown
    [honor_page] Page of honor
    [linked_tables] Tables of linked verse in a channel
    [channels] Channels
    [script] Script
   *[language] Language
}
settings-seconds = { $seconds ->
    [0] none
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
settings-everywhere = everywhere
settings-script-is = { $script ->
    [simplified] simplified
    [traditional] traditional
   *[auto] as in the member's line
}
settings-language-auto = each member's own
settings-default = **{ $name }**: { $value } (default)
settings-other = **{ $name }**: { $value } (default: { $default })
settings-change = **{ $name }**: { $before } → { $value }
settings-how = Change one of them with its own command, such as `{ $slash }settings beam-size`; `{ $slash }settings reset` resets all of them.
settings-applies = This applies from the next request on.
settings-same = **{ $name }** stays as it was: { $value }.
settings-floor = So wide a beam has a cooldown of at least { settings-seconds }.
settings-reset = Back to the defaults:
settings-reset-same = All settings were at their defaults already.
settings-where = Where members may ask for verse
settings-where-now = Now: { $channels }.
settings-where-saved = Saved: { $channels }. This applies from the next request on.
settings-where-how = Threads and posts count as their channel. Choose none to allow every channel.
settings-where-choose = Every channel: choose some to limit it to them
settings-forbidden = Only members with the permission *Manage Server* can change or see these settings.
settings-anthology-off = off
settings-anthology-on = { $channel }, from { $threshold ->
    [one] { $threshold } heart on
   *[other] { $threshold } hearts on
}
settings-anthology-how = Hearts of a verse's own writers do not count. Verse that has enough already comes with its next heart.
settings-anthology-ended = What was posted stays there. Members can still take their own verse down.
settings-fault = { $fault ->
    [gone] Nothing can be posted on the page of honor: its channel was deleted. Choose another with `{ $slash }settings anthology`.
   *[forbidden] Nothing can be posted on the page of honor: allow me *View Channel*, *Send Messages*, *Attach Files* and *Read Message History* in its channel, and then set it again with `{ $slash }settings anthology`.
}
