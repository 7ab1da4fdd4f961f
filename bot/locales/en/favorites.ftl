favourites-heading = Your favorites
favourites-place = { $count ->
    [one] { $count } verse
   *[other] { $count } verses
}, { $order ->
    [oldest] oldest first
   *[newest] newest first
} · page { $page } of { $pages }
favourites-none = You have no favorites yet: press ♥ beside an answer of `/poem` to keep it.
favourites-choose = Remove one of these…
favourites-removed = Removed: { $verse }
favourites-unknown = That is none of your favorites: choose one from the list that appears while you type.
favourites-gone = That verse was removed before.
favourites-exported = { $count ->
    [one] Your { $count } favorite.
   *[other] Your { $count } favorites.
}
