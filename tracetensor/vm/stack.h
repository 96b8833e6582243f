/* How much of the thread's stack is left. */

#ifndef TRACETENSOR_STACK_H
#define TRACETENSOR_STACK_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#include <windows.h>
#define TT_THREAD_LOCAL __declspec(thread)
#else
#include <pthread.h>
#define TT_THREAD_LOCAL __thread
#endif

/* The lowest address of the stack of this thread; NULL if it is not known. */
static char *tt_stack_end(void)
{
#if defined(_WIN32)
    ULONG_PTR low = 0, high = 0;
    GetCurrentThreadStackLimits(&low, &high);
    return (char *)low;
#elif defined(__APPLE__)
    return (char *)pthread_get_stackaddr_np(pthread_self()) - pthread_get_stacksize_np(pthread_self());
#elif defined(__linux__)
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return NULL;
    if (pthread_attr_getstack(&attributes, &low, &size) != 0)
        low = NULL;
    pthread_attr_destroy(&attributes);
    return (char *)low;
#else
    return NULL;
#endif
}

/* The bytes left, about; of a stack of which nothing is known, of the half megabyte from where it was first asked. */
static size_t tt_stack_left(void)
{
    static TT_THREAD_LOCAL char *end = NULL;
    char here;
    char *volatile address = &here;
    if (end == NULL) {
        end = tt_stack_end();
        if (end == NULL)
            end = address - 512 * 1024;
    }
    return address > end ? (size_t)(address - end) : 0;
}

#endif
