incident = 这里出了点问题：如果再次发生，请报告事件 { $incident }。
