# The game in which a poet's line is to be found among Lianju's.
guess-heading = Poet or machine?
guess-which = One of these lines is what the poet wrote next. Which?
guess-footer = ends { $ends } · { $difficulty ->
    [hard] hard
   *[easy] easy
}
guess-end = End now
guess-chosen = You chose **{ $letter }**. You can still change your mind; the round ends { $ends }.
guess-poets = **{ $letter }　{ $line }** · the poet's · { guess-count }
guess-lianjus = { $letter }　{ $line } · Lianju's · { guess-count }
guess-count = { $guesses ->
    [one] { $guesses } guess
   *[other] { $guesses } guesses
}
guess-right = Right: { $names }{ $more ->
    [0] {""}
   *[other] { " " }and { $more } more
} ({ $right } of { $guesses })
guess-none-right = Lianju fooled everybody ({ $guesses }).
guess-nobody = Nobody guessed.
guess-over-before = This round was over before: its message shows the result.
guess-by = the other three lines: { $model }
guess-again = Another round
guess-running = A round is running in this channel already: it ends { $ends }.
guess-gone = This round is no longer known: begin another one with `{ $slash }guess start`.
guess-not-host = Only who began the round, or a moderator, ends it early: it ends by itself.
guess-no-anthology = The model that runs here has no poems with title and poet: its operator needs another bundle.
guess-no-poem = No poem is left that was not asked here in the last 500 rounds: try the other difficulty.
guess-board-heading = Who knows the poets
guess-board-none = Nobody has guessed here yet: begin with `{ $slash }guess start`.
guess-board-alone = You have not guessed here yet: begin with `{ $slash }guess start`. Each server has a board of its own.
guess-board-footer = by hit rate, from { $least } guesses on · page { $page } of { $pages }
guess-score = { $hits } of { $guesses } right ({ $rate } %) · streak { $streak }, best { $best }
