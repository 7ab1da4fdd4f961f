# What any command or button may answer.

incident = Something went wrong here: if it happens again, report incident { $incident }.
