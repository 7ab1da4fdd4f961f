incident = 這裡出了點問題：如果再次發生，請回報事件 { $incident }。
