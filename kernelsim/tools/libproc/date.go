package libproc

// Date is the day of a time in seconds since 1970, in the Gregorian calendar:
// the machine keeps UTC. The month is 1 to 12.
func Date(seconds uint64) (year, month, day int) {
	day = int(seconds/86400%(400*365+97)) + 1
	year = 1970 + 400*int(seconds/86400/(400*365+97))
	for ; day > yearDays(year); year++ {
		day -= yearDays(year)
	}
	months := [12]int{31, yearDays(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	for ; day > months[month]; month++ {
		day -= months[month]
	}
	return year, month + 1, day
}

func yearDays(year int) int {
	if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 366
	}
	return 365
}
