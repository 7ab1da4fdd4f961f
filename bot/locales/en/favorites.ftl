favorites-heading = Your favorites
favorites-place = { $count ->
    [one] { $count } verse
   *[other] { $count } verses
}, { $order ->
    [oldest] oldest first
   *[newest] newest first
} · page { $page } of { $pages }
favorites-by-all = linked verse by { $members }
favorites-none = You have no favorites yet: press ♥ beside an answer to keep it.
favorites-choose = Remove one of these…
favorites-removed = Removed: { $verse }
favorites-unknown = That is none of your favorites: choose one from the list that appears while you type.
favorites-gone = That verse was removed before.
favorites-exported = { $count ->
    [one] Your { $count } favorite.
   *[other] Your { $count } favorites.
}
