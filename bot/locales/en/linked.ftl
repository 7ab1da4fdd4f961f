# Linked verse (联句): what cannot be done at a table, and why.
linked-closed = This poem is finished: start another one with `{ $slash }lianju start`.
linked-gone = This table is no longer stored: start another one with `{ $slash }lianju start`.
linked-poem-gone = I do not store this poem any more: whoever has kept it with ♥ finds it in `{ $slash }favorites list`.
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
linked-cannot-see = I cannot keep a table up to date in this channel: a moderator has to allow me *View Channel* here.
linked-bot = Bots cannot be players: name members.
linked-no-tones = The model that runs here has no table of tones and rhymes: choose free rules.
linked-no-poet = There is no poem here whose first line would do: choose another opening.
linked-opening-twice = Give a first line or choose an opening, and not both.
linked-first-breaks = Your first line breaks a rule: { $faults }. Change it, or choose loose rules.
linked-none-here = There is no open table in this channel: start one with `{ $slash }lianju start`.
linked-unfinished = The poem can be kept once it is finished and has two lines.
linked-message-gone = That is stored, but the message of the table was deleted: `{ $slash }lianju show` brings it back.
linked-message-forbidden = That is stored, but I may not see this channel any more and cannot show it: ask a moderator for *View Channel*.

# A line that a member has written.
linked-line-empty = There is no line: write { $length } Chinese characters.
linked-line-characters = “{ $named }” does not belong in a line: write Chinese characters only.
linked-line-length = That is { $size ->
    [one] { $size } character
   *[other] { $size } characters
}: the line has { $length }.
linked-line-blocked = This line has an insult or an obscenity in it: write another one.
linked-refused = This breaks a rule of the form, and the rules are strict:
linked-keep-question = This breaks a rule of the form. Keep it all the same?
linked-pattern = The nearest pattern: { $tones }
linked-keep = Keep it
linked-change = Change it
linked-again = Open the form again
linked-written = Line { $line } is written.
linked-modal = Line { $line }
linked-modal-hint = Chinese characters, without punctuation

# Lines of Lianju's.
linked-offers = Choose line { $line }; it is shown as Lianju's:
linked-suggestions = Ideas for line { $line }, for you alone. Take one into the form, and change it as you like:
linked-take = Choose
linked-use = Use it

# The message of a table.
linked-heading = Linked verse (联句) · { $form ->
    [jueju5] 五绝, four lines of five characters
    [jueju7] 七绝, four lines of seven characters
    [lushi5] 五律, eight lines of five characters
    [lushi7] 七律, eight lines of seven characters
    [pailu5] 五言排律, up to 24 lines of five characters
   *[pailu7] 七言排律, up to 24 lines of seven characters
}
linked-rules = { $rules ->
    [strict] strict rules
    [loose] loose rules
   *[free] free rules
}
linked-who = { $named ->
    [0] open to everybody
   *[other] for its players only
}
linked-order = { $order ->
    [free] whoever comes first
   *[turns] { $minutes ->
        [one] in turns, a minute each
       *[other] in turns, { $minutes } minutes each
    }
}
linked-players = Players: { $players }
linked-empty = No line yet.
linked-by-lianju = Lianju
linked-next = Line { $line } of { $most }
linked-turn-anybody = { $named ->
    [0] anybody may write it
   *[other] any of the players may write it
}
linked-turn-of = it is the turn of <@{ $member }>
linked-turn-until = it is the turn of <@{ $member }>, who has time until <t:{ $ends_at }:t> (<t:{ $ends_at }:R>)
linked-turn-missed = all players have missed their turns: any of them may go on
linked-wants-length = { $length } characters
linked-wants-tones = tones: { $tones }
linked-wants-licensed = also accepted: { $tones }
linked-wants-rhyme = it rhymes: { $characters } … (group { $groups })
linked-wants-first-rhyme = it ends in a level tone and sets the rhyme of the poem
linked-wants-no-rhyme = it does not rhyme
linked-wants-answer = it answers line { $line } place by place, a noun for a noun, a verb for a verb (对)
linked-wants-once = no character that the poem has already
linked-or = { " " }or{ " " }
linked-legend = 平 level tone · 仄 oblique tone · 中 either; as in Tang times
linked-state = { $state ->
    [idle] Nobody has written for a day: this table is closed.
   *[finished] { $lines ->
        [0] Ended before the first line.
        [1] Ended with its first line.
       *[other] The poem is finished. ♥ keeps it; the heart is for all who wrote it.
    }
}
linked-button-write = Write a line
linked-button-lianju = Let Lianju write
linked-button-help = Ask for help
linked-button-skip = Skip
linked-button-undo = Undo my line
linked-button-join = Join
linked-button-finish = Finish
linked-finish-question = The poem has { $lines } of { $most } lines. Finish it as it is? Nobody can write on after that.
linked-finish-yes = Yes, finish it
linked-finish-done = The poem is finished.
