"""Numbers of rounds, and what is shown of them: the median, and the quartiles in parentheses."""
import statistics


def quartiles(numbers):
    if len(numbers) == 1:
        return numbers * 3
    return statistics.quantiles(numbers, n=4, method="inclusive")


def spread(numbers, digits=None):
    low, middle, high = quartiles(numbers)
    digits = digits_of(middle) if digits is None else digits
    text = f"{middle:,.{digits}f}"
    return text if len(numbers) == 1 else f"{text} ({low:,.{digits}f} to {high:,.{digits}f})"


def digits_of(number):
    """Three figures are enough."""
    if number == int(number) or number >= 100:
        return 0
    return 1 if number >= 10 else 2
