#include "guard/budget.h"

#include <stdatomic.h>

static uint16_t window_of(msec_t now)
{
    return (uint16_t)(now / BUDGET_WINDOW_MS);
}

/* An advance that was not repaid is forgotten, and one that was not used taken back. Whoever has
 * earned fewer than the least is advanced the rest. */
static struct budget_state begin_window(struct budget_limits limits, struct budget_state state,
                                        msec_t now)
{
    int32_t least = (int32_t)limits.least * BUDGET_TOKEN;
    int32_t earned = state.tokens > state.advanced ? state.tokens - state.advanced : 0;
    if (state.window == window_of(now))
        return state;
    return (struct budget_state){
        .tokens = earned > least ? earned : least,
        .advanced = (uint16_t)(earned < least ? least - earned : 0),
        .window = window_of(now),
    };
}

static struct budget_state deposit(struct budget_limits limits, struct budget_state state)
{
    int32_t share = (int32_t)limits.share, most = (int32_t)limits.burst * BUDGET_TOKEN;
    int32_t repaid = share < state.advanced ? share : state.advanced;
    state.advanced = (uint16_t)(state.advanced - repaid);
    state.tokens += share - repaid;
    if (state.tokens > most)
        state.tokens = most;
    return state;
}

void budget_init(struct budget *budget, struct budget_limits limits, msec_t now)
{
    static_assert(sizeof(struct budget_state) == sizeof(uint64_t), "one step of the processor");
    assert(limits.least * BUDGET_TOKEN <= UINT16_MAX && limits.least <= limits.burst);
    budget->limits = limits;
    atomic_init(&budget->state,
                begin_window(limits, (struct budget_state){.window = window_of(now) - 1}, now));
}

void budget_deposit(struct budget *budget, msec_t now)
{
    struct budget_state old = atomic_load(&budget->state), new;
    do {
        new = deposit(budget->limits, begin_window(budget->limits, old, now));
    } while (!atomic_compare_exchange_weak(&budget->state, &old, new));
}

bool budget_withdraw(struct budget *budget, msec_t now)
{
    struct budget_state old = atomic_load(&budget->state), new;
    do {
        new = begin_window(budget->limits, old, now);
        if (new.tokens < BUDGET_TOKEN)
            return false;
        new.tokens -= BUDGET_TOKEN;
    } while (!atomic_compare_exchange_weak(&budget->state, &old, new));
    return true;
}
