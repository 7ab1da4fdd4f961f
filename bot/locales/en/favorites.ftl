favourites-heading = Your favorites
favourites-place = { $couplets ->
    [one] { $couplets } couplet
   *[other] { $couplets } couplets
}, { $order ->
    [oldest] oldest first
   *[newest] newest first
} · page { $page } of { $pages }
favourites-none = You have no favorites yet: press ♥ beside an answer of `/poem` to keep it.
favourites-choose = Remove one of these…
favourites-removed = Removed: { $couplet }
favourites-unknown = That is none of your favorites: choose one from the list that appears while you type.
favourites-gone = That couplet was removed before.
favourites-exported = { $couplets ->
    [one] Your { $couplets } favorite.
   *[other] Your { $couplets } favorites.
}
