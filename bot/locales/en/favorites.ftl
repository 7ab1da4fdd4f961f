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

# As a booklet.
favorites-booklet-title = 诗集 Poems
favorites-booklet = { $count ->
    [one] A booklet of one favorite.
   *[other] A booklet of { $count } favorites.
}
favorites-booklet-latest = A booklet has room for { $most } verses: these are the latest of your { $count }. The other formats have all.
favorites-booklet-long = { $count ->
    [one] One verse is too long for a page, and is left out.
   *[other] { $count } verses are too long for a page, and are left out.
}
