/* Built without <sensors/sensors.h>. */
#include <errno.h>
#include <math.h>

#include "monitor/sensors.h"

int sensor_library_new(SensorLibrary **ret, Error *why)
{
        return error_set(why, EOPNOTSUPP, "built without libsensors");
}

SensorLibrary *sensor_library_free(SensorLibrary *library)
{
        return NULL;
}

void sensor_library_find(SensorLibrary *library, SensorList *list, const Host *host, bool drives)
{
}

double sensor_library_value(const SensorLibrary *library, const Sensor *sensor, int number)
{
        return NAN;
}
