"""One module for each comparison. It has

    TITLE              what is compared, in a sentence
    AIMS               what is to be reached
    CHARTS             (where it has some) files that show it
    IS_EXTRA           (where it is so) not made unless it is asked for
    IS_PACED           (where it is so) asks at fixed rates: others that take the machine disturb it
    measure(site, plan)   yields measurements, by round, on fresh servers; fails only where an
                          answer is wrong
"""
