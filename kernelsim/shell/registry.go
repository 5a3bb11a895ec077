package shell

// Commands lists all verbs in the order of help. Each call makes new ones: a
// session owns its verbs.
func Commands() []*Verb {
	return []*Verb{
		bootVerb(), resetVerb(), runVerb(), stepVerb(), cpuVerb(), mmioVerb(), ioVerb(), msrVerb(),
		cfgVerb(), msiVerb(), eventVerb(), pinVerb(), faultVerb(), busVerb(), infoVerb(), traceVerb(),
		catVerb(), echoVerb(), lsVerb(), lspciVerb(), sysctlVerb(), dmesgVerb(), psVerb(), topVerb(),
		mpstatVerb(), unameVerb(),
		modprobeVerb(), rmmodVerb(), tasksetVerb(), burnVerb(), fioVerb(), irqbalanceVerb(),
		filterVerb("head", "passes the first lines"), filterVerb("tail", "passes the last lines"),
		filterVerb("grep", "passes the lines that match a regular expression"),
		filterVerb("wc", "counts lines, words and characters"), filterVerb("sort", "sorts lines"),
		saveVerb(), loadVerb(), backVerb(), forkVerb(), machineVerb(), helpVerb(),
	}
}

// later tells with which part of the machine a verb of the command language
// comes that this build does not have; "" for any other name.
func later(name string) string {
	switch name {
	case "wire", "ip", "ethtool", "sink", "send", "ping", "latency":
		return "the network"
	case "lockstat":
		return "the lock statistics"
	}
	return ""
}
