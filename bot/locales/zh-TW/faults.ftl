# 成員寫的一句不合格律之處。
fault-place = 第 { $place } 字「{ $character }」
fault = { $kind ->
    [length] 有 { $size } 字，應為 { $length } 字
    [tone] { fault-place }是{ $tone ->
        [level] 仄聲，此處應平
       *[oblique] 平聲，此處應仄
    }
    [lonely] { fault-place }是仄聲，犯孤平
    [level-end] { fault-place }是平聲，成了三平尾
    [rhyme] { fault-place }不押「{ $groups }」韻
    [neighbor] { fault-place }押的是「{ $groups }」的鄰韻，只有首句和末句可以
    [repeated] { fault-place }詩裡已經有了
    [opposed] 與上句失對
   *[joined] 與上句失黏
}
fault-choices = { $fault }；可改用{ $characters }
