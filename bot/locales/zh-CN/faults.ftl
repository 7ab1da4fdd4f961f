# 成员写的一句不合格律之处。
fault-place = 第 { $place } 字“{ $character }”
fault = { $kind ->
    [length] 有 { $size } 字，应为 { $length } 字
    [tone] { fault-place }是{ $tone ->
        [level] 仄声，此处应平
       *[oblique] 平声，此处应仄
    }
    [lonely] { fault-place }是仄声，犯孤平
    [level-end] { fault-place }是平声，成了三平尾
    [rhyme] { fault-place }不押“{ $groups }”韵
    [neighbor] { fault-place }押的是“{ $groups }”的邻韵，只有首句和末句可以
    [repeated] { fault-place }诗里已经有了
    [opposed] 与上句失对
   *[joined] 与上句失粘
}
fault-choices = { $fault }；可改用{ $characters }
